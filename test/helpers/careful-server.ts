/** The answer of a server that makes no mistake, for tests that make some in it. */
import { added, called, done, ended, message, thought, told } from "./responses-says.ts";

type Json = Record<string, unknown>;

/** A hosted tool's item. */
export const search = {
  id: "ws_1",
  type: "web_search_call",
  status: "completed",
  action: { type: "search", query: "noon" },
};
/** It as it streams. */
export const searched = (index: number): Json[] => {
  const at = { item_id: "ws_1", output_index: index };
  return [
    added(index, { ...search, status: "in_progress" }),
    { type: "response.web_search_call.in_progress", ...at },
    { type: "response.web_search_call.searching", ...at },
    { type: "response.web_search_call.completed", ...at },
    done(index, search),
  ];
};

/** Items of the other kinds. */
export const items = [
  thought("rs_1", "Hm.", "So."),
  message("msg_1", "It is ", "noon."),
  called("fc_1", "call_1", '{"zone":"UTC"}'),
  called("fc_2", "call_2", '{"zone":"CET"}'),
  message("msg_2", "Bye."),
];
/** What a careful server sends of them all. */
export const careful: Json[] = [
  ...items.flatMap((item, i) => told(item, i)),
  ...searched(5),
  ended([...items, search]),
];
