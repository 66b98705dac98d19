import { GATEWAY_VARIABLES } from "./config-variables.ts";
import type { DeclaredSetting } from "./declared-settings.ts";

/** Widths and columns, in characters; WIDTH is that of a line. */
const FLAG_WIDTH = 17;
const NAME_WIDTH = 22;
const FLAG_TEXT = 35;
const VARIABLE_TEXT = 2 + NAME_WIDTH;
const WIDTH = 100;

const { VR_PORT, VR_HOST, VR_UPSTREAM, ...ENVIRONMENT_ONLY } = GATEWAY_VARIABLES;

/** The part of `vr --help` about the gateway itself. */
export const GATEWAY_HELP = `vr: the OpenAI Responses API in front of any model server

  vr start [options]     start the gateway
  vr check [options]     load the configuration, try upstreams and store, say what is wrong; exit code 0 or 1
  vr --help              this text
  vr --version

Options of start. They override environment variables, which override the configuration file:
${flagLines("--port N", "VR_PORT", VR_PORT.help)}
${flagLines("--host NAME", "VR_HOST", VR_HOST.help)}
${flagLines("--upstream URL", "VR_UPSTREAM", VR_UPSTREAM.help)}
${flagLines("--config FILE", "", "configuration (the nearest vr.config.ts, else the shipped one)")}

Options of check: --config, --upstream, and
${flagLines("--json", "", "one JSON document on standard output", 2 + FLAG_WIDTH)}
${flagLines("--timeout MS", "", "milliseconds for each thing that is tried (5000; 30000 where a plugin tries out what it depends on)", 2 + FLAG_WIDTH)}

Environment only:
${Object.entries(ENVIRONMENT_ONLY)
  .map(([name, { help }]) => variableLines(name, help))
  .join("\n")}
`;

/** The part of `vr --help` about the variables of plugins. */
export function pluginHelp(settings: readonly Pick<DeclaredSetting, "name" | "help" | "plugins">[]): string {
  const lines = settings.map(({ name, help, plugins }) =>
    variableLines(name, `${help} [${plugins.join(", ")}]`),
  );
  return `\nEnvironment, with the plugins that read it:\n${lines.join("\n")}\n`;
}

function flagLines(flag: string, variable: string, help: string, column = FLAG_TEXT): string {
  return besideColumn(`  ${flag.padEnd(FLAG_WIDTH)}${variable}`, column, help);
}

function variableLines(name: string, help: string): string {
  return besideColumn(`  ${name}`, VARIABLE_TEXT, help);
}

/** Breaks a text into lines that begin at `column`. The first line stands behind the label if there is room. */
function besideColumn(label: string, column: number, text: string): string {
  const lines: string[] = label.trimEnd().length + 2 > column ? [label, ""] : [label.padEnd(column)];
  const indent = " ".repeat(column);
  lines[lines.length - 1] ||= indent;
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) as string;
    if (last.length + word.length + 1 > WIDTH && last.trim() !== "") lines.push(indent + word);
    else lines[lines.length - 1] = last.length <= column ? last + word : `${last} ${word}`;
  }
  return lines.join("\n");
}
