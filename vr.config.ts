import { defineConfig } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";

// The configuration that runs when you have none. Copy it and put your own plugins beside it. Each plugin's README lists
// its options. Plugins are set up, and their hooks run, in this order.
export default defineConfig({
  plugins: [
    // Each member takes the options of its plugin; `false` leaves it out: ...defaults({ store: false }),
    ...defaults({
      // The model server: the first that is running when vr starts, of vLLM (:8000), Ollama (:11434), LM Studio
      // (:1234), llama.cpp (:8080); then OpenAI, if OPENAI_API_KEY is set; then the demo model inside vr.
      // VR_UPSTREAM=http://127.0.0.1:8000/v1 (or --upstream) replaces it. To write one here instead:
      //   import { vllm } from "vr-gateway/plugins/upstream-vllm";
      //   plugins: [vllm({ baseUrl: "http://127.0.0.1:8000/v1" }), ...defaults({ upstream: false })],
      upstream: {},

      // Keeps responses for previous_response_id. VR_DB_PATH says where; ":memory:" forgets them at the end.
      // VR_REDIS_URL=redis://127.0.0.1:6379 puts them into Redis instead.
      store: {},

      // Runs the Python of `tools: [{"type": "code_interpreter"}]`: in a sandbox of its own, standard library only; or
      // on the kernels of a Jupyter server, with its packages: VR_JUPYTER_URL=http://127.0.0.1:8888 and VR_JUPYTER_TOKEN.
      codeInterpreter: {},

      // Tools of MCP servers: yours from the file that VR_MCP_CONFIG_PATH names (or { config: "mcp.json" }), and
      // those that requests name with server_url, https and public addresses only. VR_MCP_REQUEST_REMOTE_ENABLED=false
      // turns the latter off.
      mcp: {},

      // One line per response on standard error. No contents.
      logger: {},
    }),
  ],
});
