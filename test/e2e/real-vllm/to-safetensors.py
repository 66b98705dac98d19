"""Writes the weights and the tokenizer of a .gguf file as vLLM reads them: to-safetensors.py MODEL.gguf FOLDER."""

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

source, folder = map(Path, sys.argv[1:])
where = {"pretrained_model_name_or_path": source.parent, "gguf_file": source.name}

AutoTokenizer.from_pretrained(**where).save_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.bfloat16)
# By now its weights are plain numbers, which may be written; the model still says that they are packed.
model.hf_quantizer = None
if hasattr(model.config, "quantization_config"):
    del model.config.quantization_config
model.save_pretrained(folder)
