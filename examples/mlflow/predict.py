"""What a colleague with Python does: loads what Node has logged, by MLflow alone. Needs mlflow, onnx and onnxruntime."""

import sys

import mlflow
import numpy as np

name, version = sys.argv[1:3]
model = mlflow.pyfunc.load_model(f"models:/{name}/{version}")
probability = model.predict(np.array([[5.0, 4.5], [4.5, 5.0]], dtype=np.float32))["probability"]
print(*(f"{value:.4f}" for value in np.ravel(probability)))
