#!/usr/bin/env bash
# Records test/fixtures/streams/llama-cpp-*: raw answers of a llama.cpp server that serve.py runs.
# Usage: record.sh http://127.0.0.1:PORT1 http://127.0.0.1:PORT2 http://127.0.0.1:PORT3, with the servers' templates being
# chatml-tools.jinja, chatml-thinks.jinja and chatml-thinks-tools.jinja.
set -euo pipefail

url="$1/v1/chat/completions"
out="$(cd "$(dirname "$0")/../../fixtures/streams" && pwd)"

ask() { curl --silent --no-buffer --max-time 120 --header 'content-type: application/json' --data "$1" "$url"; }

# record NAME FIELDS: the same question streamed (with usage at the end) and not.
record() {
  ask "{$2, \"temperature\": 0, \"stream\": true, \"stream_options\": {\"include_usage\": true}}" >"$out/llama-cpp-$1.sse"
  ask "{$2, \"temperature\": 0}" >"$out/llama-cpp-$1.json"
}

# refused NAME BODY: an error answer, with its status.
refused() {
  local status
  status="$(curl --silent --max-time 120 --header 'content-type: application/json' --data "$2" \
    --output "$out/llama-cpp-error-$1.json" --write-out '%{http_code}' "$url")"
  printf '{"status": %s, "body": %s}\n' "$status" "$(cat "$out/llama-cpp-error-$1.json")" >"$out/llama-cpp-error-$1.json"
}

user() { printf '"messages": [{"role": "user", "content": "%s"}]' "$1"; }
function_named() {
  printf '"tools": [{"type": "function", "function": {"name": "%s", "parameters": {"type": "object", ' "$1"
  printf '"properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"], "additionalProperties": false}}}]'
}
person='{"type": "object", "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer", "minimum": 0, "maximum": 120}}, "required": ["name", "age"], "additionalProperties": false}'

record text "$(user 'What is the capital of France?'), \"max_tokens\": 60"
record length "$(user 'Tell me a story.'), \"max_tokens\": 6"
record logprobs "$(user 'Tell me a story.'), \"max_tokens\": 4, \"logprobs\": true, \"top_logprobs\": 2"
record json-schema "$(user 'Describe a person.'), \"max_tokens\": 60, \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"person\", \"strict\": true, \"schema\": $person}}"
record function-call "$(user 'What is the weather in Paris?'), \"max_tokens\": 80, \"tool_choice\": \"required\", $(function_named get_weather)"
# The bias (token 2 ends the answer) makes the model go on after its first call.
record parallel-calls "$(user 'What time is it in Rome and in Paris?'), \"max_tokens\": 80, \"parallel_tool_calls\": true, \"logit_bias\": [[2, -2]], \"tool_choice\": \"required\", $(function_named clock)"
ask "{$(user 'Tell me a story.'), \"max_tokens\": 2, \"temperature\": 0, \"stream\": true}" >"$out/llama-cpp-without-usage.sse"

long="$(printf 'again and %.0s' $(seq 1200))"
refused context-overflow "{$(user "$long"), \"stream\": true}"
refused bad-json '{"messages": ['
refused no-messages '{"model": "real-model"}'
refused bad-schema "{$(user hi), \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": {\"type\": \"nothing\"}}}}"

url="$2/v1/chat/completions"
record reasoning "$(user 'What is the capital of France?'), \"max_tokens\": 60"

# `reasoning_format: none` leaves the tags in the text.
url="$3/v1/chat/completions"
record think-call "$(user 'What is the weather in Paris?'), \"max_tokens\": 120, \"reasoning_format\": \"none\", \"tool_choice\": \"required\", $(function_named get_weather)"
