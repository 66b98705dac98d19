import { describeUpstream } from "../contract/upstream.ts";
import { openai } from "../helpers/families/openai.ts";

describeUpstream(openai);
