"""The attribution engine: who earned a conversion, under which rule."""

from pipelines.attribution.rules import DEFAULT_MODEL, MODELS, Model, ModelParameter, model_parameters

__all__ = ["DEFAULT_MODEL", "MODELS", "Model", "ModelParameter", "model_parameters"]
