"""The lake's files in S3, as PyIceberg reads and writes them: signed with the credentials that boto3 finds.

Invariant: a file is opened with the credentials that hold at that moment. Arrow's own S3 client does not find all that boto3 finds (under a
profile that assumes a role it signs nothing), and does not renew what it is given.
"""

from functools import lru_cache

from botocore.credentials import ReadOnlyCredentials
from pyarrow.fs import FileSystem
from pyiceberg.io import S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, S3_SESSION_TOKEN
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

CREDENTIALS = "touchline.credentials"
"""Property of a catalogue: boto3's credentials, which renew themselves."""


class SignedFiles(PyArrowFileIO):
    """Opens files with the credentials of the property CREDENTIALS."""

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        self._signing = lru_cache(self._signed_with)
        self.fs_by_scheme = self._signed_now

    def _signed_now(self, scheme: str, netloc: str | None = None) -> FileSystem:
        return self._signing(self.properties[CREDENTIALS].get_frozen_credentials(), scheme, netloc)

    def _signed_with(self, frozen: ReadOnlyCredentials, scheme: str, netloc: str | None) -> FileSystem:
        keys = {S3_ACCESS_KEY_ID: frozen.access_key, S3_SECRET_ACCESS_KEY: frozen.secret_key}
        return PyArrowFileIO({**self.properties, **keys, S3_SESSION_TOKEN: frozen.token}).fs_by_scheme(scheme, netloc)
