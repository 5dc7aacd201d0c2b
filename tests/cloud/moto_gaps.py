"""What moto 5 lacks of the calls that provisioning makes: updates of a workgroup and of a job, and the error of a workgroup that is not there.

Invariant: what is filled in answers as AWS documents it; moto's own state is used, none is added.
"""

import json
from typing import Any

from moto.athena.responses import AthenaResponse
from moto.core.responses import ActionResult
from moto.glue.responses import GlueResponse

_FIELDS = {
    "Role": "role",
    "Description": "description",
    "GlueVersion": "glue_version",
    "WorkerType": "worker_type",
    "NumberOfWorkers": "number_of_workers",
    "Command": "command",
    "DefaultArguments": "default_arguments",
    "ExecutionProperty": "execution_property",
    "MaxRetries": "max_retries",
    "Timeout": "timeout",
    "Connections": "connections",
    "SecurityConfiguration": "security_configuration",
}
"""Of a job, what AWS calls it and what moto calls it. What an update does not name is reset."""


def fill() -> None:
    """Teach moto these calls, once a process."""
    for response, name, answer in (
        (AthenaResponse, "get_work_group", _get_work_group),
        (AthenaResponse, "update_work_group", _update_work_group),
        (GlueResponse, "update_job", _update_job),
    ):
        setattr(response, name, answer)


def _get_work_group(self: AthenaResponse) -> Any:
    name = self._get_param("WorkGroup")
    found = self.athena_backend.get_work_group(name)
    return json.dumps({"WorkGroup": found}) if found else self.error(f"WorkGroup {name} is not found.", 400)


def _update_work_group(self: AthenaResponse) -> Any:
    name = self._get_param("WorkGroup")
    group = self.athena_backend.work_groups.get(name)
    if group is None:
        return self.error(f"WorkGroup {name} is not found.", 400)
    updates = dict(self._get_param("ConfigurationUpdates") or {})
    result = updates.pop("ResultConfigurationUpdates", {})
    group.configuration.update(updates)
    group.configuration["ResultConfiguration"] = {**group.configuration.get("ResultConfiguration", {}), **result}
    group.state = self._get_param("State") or group.state
    return "{}"


def _update_job(self: GlueResponse) -> Any:
    name, update = self._get_param("JobName"), self._get_param("JobUpdate")
    job = self.glue_backend.get_job(name)
    for theirs, ours in _FIELDS.items():
        setattr(job, ours, update.get(theirs))
    return ActionResult({"JobName": name})
