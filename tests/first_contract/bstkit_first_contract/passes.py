"""A rewrite of the exported graph, which is an onnx_ir.Model."""


def mark(model):
    for node in model.graph:
        node.metadata_props["first_contract"] = "was here"
        break
