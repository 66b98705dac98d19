/** The parts of a server's error from which the code and the parameter are derived. */
export interface Blame {
  message?: string | undefined;
  type?: string | undefined;
  code?: string | undefined;
  param?: string | undefined;
}

/** Errors of servers about an unknown model. Each gap is bounded, so that no text takes long to search. */
const NO_MODEL: readonly RegExp[] = [
  // Codes: OpenAI, Groq, LM Studio; Together; Mistral.
  /\bmodel_not_found\b|\bmodel_not_available\b|\binvalid_model\b/i,
  // OpenAI, vLLM, SGLang: "The model `x` does not exist."; DeepSeek: "Model Not Exist".
  /\bmodel\b.{0,200}?\b(?:does )?not exist\b/i,
  // OpenRouter: "x is not a valid model ID"; LiteLLM: "Invalid model name passed in model=x"; Mistral: "Invalid model: x".
  /\bnot a valid model\b|\binvalid model(?: name|:| ?id)/i,
  // LM Studio: "No model found that matches …"; Together: "Unable to access model x".
  /\bno models? (?:found|loaded)\b|\bunable to access model\b/i,
];
/** Ollama: `model "x" not found, try pulling it first`; Gemini: "models/x is not found". Only for a 404. */
const NOT_FOUND = /\bmodels?\b.{0,200}?\bnot found\b|\bnot_found_error\b.{0,80}?\bmodel:/i;
/** For servers that name no parameter: vLLM before 0.11, TGI. */
const TOO_MANY_TOKENS = /\bmax_(?:completion_|new_|output_)?tokens\b/i;

/** Maps parameter names of chat completions and of other servers to those of the Responses API. */
const PARAMETERS: ReadonlyMap<string, string> = new Map([
  ["max_tokens", "max_output_tokens"],
  ["max_completion_tokens", "max_output_tokens"],
  ["max_new_tokens", "max_output_tokens"],
  ["n_predict", "max_output_tokens"],
  ["num_predict", "max_output_tokens"],
  ["messages", "input"],
  ["functions", "tools"],
  ["function_call", "tool_choice"],
  ["response_format", "text.format"],
  ["guided_json", "text.format"],
  ["structured_outputs", "text.format"],
  ["reasoning_effort", "reasoning.effort"],
  ["verbosity", "text.verbosity"],
  ["logprobs", "top_logprobs"],
]);

/** Codes by status, for servers that send the name of an exception, or no code. */
const BY_STATUS: ReadonlyMap<number, string> = new Map([
  [401, "invalid_api_key"],
  [429, "rate_limit_exceeded"],
]);

/** Most characters searched. The reason comes first. */
const REASON_LENGTH = 2_000;

/** OpenAI's code for an error. `status`: the one that the client gets. */
export function toErrorCode(status: number, { message = "", type, code }: Blame): string | undefined {
  if (isOfModel(status, `${code} ${type} ${message}`)) return "model_not_found";
  const given = code ?? type;
  // "BadRequestError", "invalid_request_error", "NOT_FOUND": a class, a type or a status, not a code.
  return given !== undefined && !/[Ee]rror$|^[A-Z_]+$/.test(given) ? given : BY_STATUS.get(status);
}

/** The Responses API's parameter that is at fault; `undefined` if the server names none, or one of its own. */
export function toErrorParam(
  status: number,
  blame: Blame,
  names: "ours" | "theirs" = "ours",
): string | undefined {
  if (status !== 400 && status !== 404) return undefined;
  const { message = "", type, code, param } = blame;
  if (isOfModel(status, `${code} ${type} ${message}`)) return "model";
  if (param === undefined && names === "theirs") return undefined;
  if (param === undefined)
    return TOO_MANY_TOKENS.test(message.slice(0, REASON_LENGTH)) ? "max_output_tokens" : undefined;
  if (!/^[a-z_][\w.[\]-]{0,99}$/i.test(param)) return undefined;
  if (names === "theirs") return param;
  const end = param.search(/[.[]/);
  const name = end < 0 ? param : param.slice(0, end);
  // The rest of such a path is a position in a body that the client did not write.
  return PARAMETERS.get(name) ?? param;
}

function isOfModel(status: number, words: string): boolean {
  if (status !== 400 && status !== 404) return false;
  const reason = words.slice(0, REASON_LENGTH);
  return NO_MODEL.some((wording) => wording.test(reason)) || (status === 404 && NOT_FOUND.test(reason));
}
