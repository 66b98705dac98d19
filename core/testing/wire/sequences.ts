/**
 * The order of events that each type of item has: names without `response.`, as a regular expression over
 * words. Of the two names of reasoning events, OpenAI's stands for both.
 */
const SEQUENCES: Record<string, { whole: string; stopped?: string }> = {
  message: {
    whole: `output_item.added
      ( content_part.added (output_text.delta | output_text.annotation.added)* output_text.done content_part.done
      | content_part.added refusal.delta* refusal.done content_part.done )*
      output_item.done`,
  },
  reasoning: {
    whole: `output_item.added
      ( content_part.added reasoning_text.delta* reasoning_text.done content_part.done
      | reasoning_summary_part.added reasoning_summary_text.delta* reasoning_summary_text.done
        reasoning_summary_part.done )*
      output_item.done`,
  },
  function_call: {
    whole: `output_item.added function_call_arguments.delta* function_call_arguments.done output_item.done`,
  },
  custom_tool_call: {
    whole: `output_item.added custom_tool_call_input.delta* custom_tool_call_input.done output_item.done`,
  },
  code_interpreter_call: {
    whole: `output_item.added code_interpreter_call.in_progress
      code_interpreter_call_code.delta* code_interpreter_call_code.done
      code_interpreter_call.interpreting code_interpreter_call.completed output_item.done`,
    stopped: `output_item.added code_interpreter_call.in_progress
      code_interpreter_call_code.delta* code_interpreter_call_code.done
      code_interpreter_call.interpreting? code_interpreter_call.completed? output_item.done`,
  },
  mcp_list_tools: {
    whole: `output_item.added mcp_list_tools.in_progress
      (mcp_list_tools.completed | mcp_list_tools.failed) output_item.done`,
  },
  mcp_call: {
    whole: `output_item.added mcp_call.in_progress mcp_call_arguments.delta* mcp_call_arguments.done
      (mcp_call.completed | mcp_call.failed) output_item.done`,
    stopped: `output_item.added mcp_call.in_progress mcp_call_arguments.delta* mcp_call_arguments.done
      mcp_call.failed? output_item.done`,
  },
  web_search_call: {
    whole: `output_item.added web_search_call.in_progress web_search_call.searching
      web_search_call.completed output_item.done`,
    stopped: `output_item.added web_search_call.in_progress web_search_call.searching?
      web_search_call.completed? output_item.done`,
  },
  file_search_call: {
    whole: `output_item.added file_search_call.in_progress file_search_call.searching
      file_search_call.completed output_item.done`,
    stopped: `output_item.added file_search_call.in_progress file_search_call.searching?
      file_search_call.completed? output_item.done`,
  },
  mcp_approval_request: { whole: "output_item.added output_item.done" },
  function_call_output: { whole: "output_item.added output_item.done" },
  custom_tool_call_output: { whole: "output_item.added output_item.done" },
};

/** The word that an event's type has in the sequences. */
export function wordOf(type: string): string {
  return type.replace(/^response\./, "").replace(/^reasoning\./, "reasoning_text.");
}

/**
 * What is wrong with the order of an item's events; `undefined` when it is right, and for types without a
 * rule. An item that did not end as `completed` may have skipped what it never came to.
 */
export function sequenceProblem(
  itemType: string,
  status: unknown,
  words: readonly string[],
): string | undefined {
  const rules = SEQUENCES[itemType];
  if (!rules) return undefined;
  const ended = status === undefined || status === "completed";
  const rule = ended ? rules.whole : (rules.stopped ?? rules.whole);
  if (compile(rule).test(words.map((word) => `${word} `).join(""))) return undefined;
  return `came as\n  ${collapse(words)}\nbut the order is\n  ${rule.replaceAll(/\s+/g, " ")}`;
}

function compile(rule: string): RegExp {
  const words = rule.replaceAll(/[a-z_.]+/g, (word) => `(?:${word.replaceAll(".", "\\.")}_)`);
  return new RegExp(`^${words.replaceAll(/\s+/g, "").replaceAll("_)", " )")}$`);
}

function collapse(words: readonly string[]): string {
  const runs: Array<{ word: string; count: number }> = [];
  for (const word of words) {
    const last = runs.at(-1);
    if (last?.word === word) last.count++;
    else runs.push({ word, count: 1 });
  }
  return runs.map(({ word, count }) => (count > 1 ? `${word} ×${count}` : word)).join(" ");
}
