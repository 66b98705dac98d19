import { describeUpstream } from "../contract/upstream.ts";
import { vllm } from "../helpers/families/vllm.ts";

describeUpstream(vllm);
