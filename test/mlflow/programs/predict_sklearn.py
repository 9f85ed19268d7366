"""Predicts with what an alias and a stage of a registered model mean, and with a folder that Node has fetched."""

import json
import sys

import mlflow
from sklearn.datasets import load_iris

name, folder = sys.argv[1:3]
features, _ = load_iris(return_X_y=True)
predictions = {
    where: mlflow.pyfunc.load_model(uri).predict(features[::30]).tolist()
    for where, uri in {"alias": f"models:/{name}@production", "stage": f"models:/{name}/Production", "folder": folder}.items()
}
print(json.dumps(predictions))
