"""The attribution engine: who earned a conversion, under which rule."""

from pipelines.attribution.model import Journey, Model, ModelParameter
from pipelines.attribution.registry import DEFAULT_MODEL, MODELS, model_parameters
from pipelines.attribution.rules import DAY_MS

__all__ = ["DAY_MS", "DEFAULT_MODEL", "MODELS", "Journey", "Model", "ModelParameter", "model_parameters"]
