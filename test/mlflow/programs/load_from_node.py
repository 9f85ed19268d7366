"""Loads what Node has logged: an ONNX model in every way that MLflow has, and the description of one in another format."""

import json
import sys

import mlflow
import numpy as np

onnx_name, other_name = sys.argv[1:3]
rows = np.array([[1, 2], [3, 4]], dtype=np.float32)

as_onnx = mlflow.onnx.load_model(f"models:/{onnx_name}/1")
predicted = mlflow.pyfunc.load_model(f"models:/{onnx_name}/1").predict(rows)
by_alias = mlflow.pyfunc.load_model(f"models:/{onnx_name}@production").predict(rows)
info = mlflow.models.get_model_info(f"models:/{onnx_name}/1")
other = mlflow.models.get_model_info(f"models:/{other_name}/1")
folder = mlflow.artifacts.download_artifacts(f"models:/{other_name}/1")
with open(f"{folder}/weights/model.bin") as file:
    content = file.read()

print(
    json.dumps(
        {
            "graph": as_onnx.graph.name,
            "predicted": np.asarray(predicted["y"] if isinstance(predicted, dict) else predicted).tolist(),
            "by_alias": np.asarray(by_alias["y"] if isinstance(by_alias, dict) else by_alias).tolist(),
            "flavors": sorted(info.flavors),
            "signature": info.signature is not None,
            "other_flavors": sorted(other.flavors),
            "content": content,
        }
    )
)
