import type { Keyv } from "keyv";

/** PostgreSQL: undefined_table. */
const UNDEFINED_TABLE = "42P01";

/** The members of the `@keyv/postgres` adapter used here. */
interface PostgresAdapter {
  opts?: { dialect?: unknown; schema?: string; table?: string; keySize?: number; useUnloggedTable?: boolean };
  query?(sql: string): Promise<unknown>;
}

/**
 * Creates the table of `@keyv/postgres` after a call failed because it is missing; returns whether it did. The adapter
 * tries only once, at its creation, and so has no table if the server was not reachable then.
 */
export async function makeMissingTable(keyv: Keyv, failure: unknown): Promise<boolean> {
  const { opts, query } = keyv.store as PostgresAdapter;
  if ((failure as { code?: unknown } | null)?.code !== UNDEFINED_TABLE) return false;
  if (opts?.dialect !== "postgres" || typeof query !== "function") return false;
  const { schema = "public", table = "keyv", keySize = 255, useUnloggedTable } = opts;
  // Quotes the names as the adapter does.
  if (schema !== "public") await query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await query(
    `CREATE ${useUnloggedTable ? "UNLOGGED " : ""}TABLE IF NOT EXISTS ${schema}.${table} ` +
      `(key VARCHAR(${Number(keySize)}) PRIMARY KEY, value TEXT)`,
  ).catch((error: unknown) => {
    // Two processes may create it at once: one of them then gets unique_violation.
    if ((error as { code?: unknown } | null)?.code !== "23505") throw error;
  });
  return true;
}
