#!/bin/sh
curl -X POST "${VR_URL:-http://127.0.0.1:5969}/v1/responses" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer dummy" \
  -d '{
    "model": "meta-llama/Llama-3.2-3B-Instruct",
    "stream": true,
    "input": [{"role":"user","content":"Use the MCP docs tool to search for migration notes."}]
  }'
