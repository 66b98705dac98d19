import { describeUpstream } from "../contract/upstream.ts";
import { llamaCpp } from "../helpers/families/llama-cpp.ts";

describeUpstream(llamaCpp);
