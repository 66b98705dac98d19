"""Runs llama.cpp's own HTTP server in this process, on 127.0.0.1, until it is sent a signal.

Arguments: MODEL (a .gguf file), PORT (0 takes a free one), TEMPLATE (a .jinja file, which the model's own
template gives way to), and optionally `tags`, which leaves thoughts in the text, as `llama-server
--reasoning-format none` does. Prints `listening http://127.0.0.1:<port>` once the model is loaded.
"""

import signal
import sys
from importlib.metadata import version
from pathlib import Path

import xllamacpp

SLOTS = 2
# Small, so that a test can overflow it.
CONTEXT_TOKENS_PER_SLOT = 1024

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.model_alias = {"real-model"}
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[2])
params.n_parallel = SLOTS
params.n_ctx = CONTEXT_TOKENS_PER_SLOT * SLOTS
params.n_gpu_layers = 0
params.offline = True
params.ui = False
# As `llama-server --jinja --chat-template-file`: the model's own template knows no tools.
params.use_jinja = True
params.chat_template = Path(sys.argv[3]).read_text()
if sys.argv[4:] == ["tags"]:
    params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE

print("xllamacpp", version("xllamacpp"), flush=True)
server = xllamacpp.Server(params)
print("listening", server.listening_address, flush=True)
signal.sigwait({signal.SIGINT, signal.SIGTERM})
