"""Identifiers of persons, hashed with a secret: HMAC-SHA256, in hex.

Invariants: equal identifiers are equal afterwards, in every file and table; the secret is in no argument, no log and no file.
"""

import hmac
import json
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import TouchlineError, WrongUsage

_MADE_OF_FACTS = r"^[0-9a-f]{64}(:conversion)?$"
"""An id that is a hash of a row's facts, the person among them: without the secret it could be tried out who the person is."""


def find_secret(secret_arn: str | None, of_environment: str | None) -> bytes | None:
    """The secret of AWS Secrets Manager by its ARN, or that of the environment; None where there is neither.

    A secret of several keys is that of its key `secret`. Raises TouchlineError where it cannot be had.
    """
    if secret_arn is None:
        return of_environment.encode() if of_environment else None
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = boto3.client("secretsmanager", region_name=_region(secret_arn))
        found = client.get_secret_value(SecretId=secret_arn)["SecretString"]
    except (BotoCoreError, ClientError, KeyError) as problem:
        raise TouchlineError(
            f"The secret {secret_arn} cannot be read: {problem}.",
            "Let the job's role read it (secretsmanager:GetSecretValue).",
        ) from problem
    try:
        keys = json.loads(found)
    except ValueError:
        keys = None
    secret = keys.get("secret") if isinstance(keys, dict) else found
    if not secret:
        raise WrongUsage(f"The secret {secret_arn} has no key 'secret'.", "Add it, or keep the secret as plain text.")
    return str(secret).encode()


def _region(secret_arn: str) -> str | None:
    """The region in which the secret lies: a job need not be there, nor know a region. None: the secret is named without one."""
    fields = secret_arn.split(":")
    return fields[3] if len(fields) > 3 else None


def hash_persons(tables: Mapping[str, pa.Table], secret: bytes) -> dict[str, pa.Table]:
    """The tables with their persons hashed, and with them the ids that are made of what a row says."""
    return {name: _hashed(table, secret) if "person" in table.column_names else table for name, table in tables.items()}


def _hashed(table: pa.Table, secret: bytes) -> pa.Table:
    id_name = table.column_names[0]
    ids = _plain(table[id_name])
    made = pc.fill_null(pc.match_substring_regex(ids, _MADE_OF_FACTS), False)
    if pc.any(made).as_py():
        facts, rest = pc.utf8_slice_codeunits(ids, 0, 64), pc.utf8_slice_codeunits(ids, 64)
        ids = pc.if_else(made, pc.binary_join_element_wise(_keyed(facts, secret), rest, ""), ids)
    persons = _keyed(_plain(table["person"]), secret)
    return table.set_column(0, id_name, ids).set_column(table.column_names.index("person"), "person", persons)


def _keyed(texts: pa.Array, secret: bytes) -> pa.Array:
    encoded = texts.dictionary_encode()
    hashes = [hmac.digest(secret, text.encode(), "sha256").hex() for text in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(hashes, pa.string()), encoded.indices)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.take(whole.dictionary, whole.indices) if pa.types.is_dictionary(whole.type) else whole
