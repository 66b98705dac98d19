import os

from openai import OpenAI

client = OpenAI(base_url=os.environ.get("VR_URL", "http://127.0.0.1:5969") + "/v1", api_key="dummy")
with client.responses.stream(
    model="meta-llama/Llama-3.2-3B-Instruct",
    input=[{"role": "user", "content": "Calculate the factorial of 5"}],
) as stream:
    for event in stream:
        print(event)
