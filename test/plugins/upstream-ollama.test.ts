import { describeUpstream } from "../contract/upstream.ts";
import { ollama } from "../helpers/families/ollama.ts";

describeUpstream(ollama);
