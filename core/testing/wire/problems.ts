import type { ErrorObject } from "ajv/dist/2020.js";
import { isJson, type Json } from "./exceptions.ts";

const MOST = 12;

/**
 * Makes ajv's errors readable: of a union's errors only those count that come from a branch which was meant,
 * that is, whose `type` fits. The lines begin with the path in the value.
 */
export function createExplainer(defs: Record<string, Json>): (errors: readonly ErrorObject[]) => string[] {
  const owners = new Map<unknown, string>();
  for (const [name, def] of Object.entries(defs)) eachNode(def, (node) => owners.set(node, name));
  /** `allOf` takes over the `type` of what it refers to. */
  const extending = (name: string) =>
    Object.entries(defs).filter(([, { allOf }]) => JSON.stringify(allOf ?? []).includes(`"#/$defs/${name}"`));

  return (errors) => {
    const notMeant = errors.flatMap(({ keyword, instancePath, parentSchema }) => {
      const owner = owners.get(parentSchema);
      if (
        (keyword !== "enum" && keyword !== "const") ||
        !instancePath.endsWith("/type") ||
        owner === undefined
      )
        return [];
      const at = instancePath.slice(0, -"/type".length);
      return [owner, ...extending(owner).map(([name]) => name)].map((name) => ({ name, at }));
    });
    const meant = errors.filter(({ instancePath, parentSchema }) => {
      const owner = owners.get(parentSchema);
      return !notMeant.some(({ name, at }) => name === owner && instancePath.startsWith(at));
    });
    const reasons = meant.filter(({ keyword }) => keyword !== "anyOf" && keyword !== "oneOf");
    const told = reasons.length > 0 ? reasons : meant.length > 0 ? meant : errors;
    return [...new Set(told.map(toLine))].slice(0, MOST);
  };
}

function toLine({ instancePath, message, keyword, params }: ErrorObject): string {
  const values =
    keyword === "const" ? params.allowedValue : keyword === "enum" ? params.allowedValues : undefined;
  const allowed = values === undefined ? "" : `: ${JSON.stringify(values)}`;
  return `  ${instancePath || "/"} ${message ?? keyword}${allowed}`;
}

function eachNode(node: unknown, visit: (node: object) => void): void {
  if (Array.isArray(node)) for (const part of node) eachNode(part, visit);
  if (!isJson(node)) return;
  visit(node);
  for (const part of Object.values(node)) eachNode(part, visit);
}
