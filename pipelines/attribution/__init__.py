"""The attribution engine: who earned a conversion, under which rule."""

from pipelines.attribution.rules import MODELS, Model, ModelParameter, model_parameters

__all__ = ["MODELS", "Model", "ModelParameter", "model_parameters"]
