import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * The default path of the database: `vr/vr.db` in the user's state directory.
 * A relative `XDG_STATE_HOME` is ignored (XDG Base Directory Specification).
 */
export function defaultDatabasePath(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return join(stateDirectory(env, platform, home), "vr", "vr.db");
}

function stateDirectory(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string {
  if (platform === "win32") return env.LOCALAPPDATA || join(home, "AppData", "Local");
  if (env.XDG_STATE_HOME && isAbsolute(env.XDG_STATE_HOME)) return env.XDG_STATE_HOME;
  return platform === "darwin" ? join(home, "Library", "Application Support") : join(home, ".local", "state");
}
