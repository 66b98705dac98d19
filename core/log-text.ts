import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Control characters except line feed and tab: a client's text must not control the operator's terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression is meant to find them
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Turns a line of JSON into lines for people. Loaded on terminals only. */
export function forPeople(colors: boolean): (line: string) => string {
  const { prettyFactory }: typeof import("pino-pretty") = require("pino-pretty");
  const pretty = prettyFactory({ colorize: colors, singleLine: true, translateTime: "SYS:HH:MM:ss" });
  return (line) => pretty(JSON.parse(line, (_, value) => (typeof value === "string" ? shown(value) : value)));
}

function shown(text: string): string {
  return text.replace(CONTROLS, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
