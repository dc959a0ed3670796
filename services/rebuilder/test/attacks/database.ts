/** A call to D1 as a test may stand in its way: one statement, or one batch. */
export interface DatabaseCall {
  sql: string; // all statements of it
  parameters: unknown[];
  inLock: boolean;
}

/** Answers instead of the database, or runs the call itself, late or not at all. */
export type DatabaseScript = (call: DatabaseCall, run: () => Promise<unknown>) => Promise<unknown>;

export interface WatchedDatabase {
  d1: D1Database;
  calls: number; // each one a subrequest
  running: number;
}

interface Bound {
  real: D1PreparedStatement;
  sql: string;
  parameters: unknown[];
}

/** The database with every call counted and handed to a script first. */
export function watchDatabase(real: D1Database, isInLock: () => boolean, getScript: () => DatabaseScript | undefined) {
  const watched: WatchedDatabase = { d1: real, calls: 0, running: 0 };
  const bound = new WeakMap<object, Bound>();

  const call = async (statements: readonly Bound[], run: () => Promise<unknown>): Promise<unknown> => {
    watched.calls++;
    const sql = statements.map((statement) => statement.sql).join(";\n");
    const parameters = statements.flatMap((statement) => statement.parameters);
    const runReally = async () => {
      watched.running++;
      try {
        return await run();
      } finally {
        watched.running--;
      }
    };
    const script = getScript();
    return script ? script({ sql, parameters, inLock: isInLock() }, runReally) : runReally();
  };

  const wrap = (statement: Bound): D1PreparedStatement => {
    const { real: prepared } = statement;
    const wrapped = {
      bind: (...values: unknown[]) => wrap({ ...statement, real: prepared.bind(...values), parameters: values }),
      all: () => call([statement], () => prepared.all()),
      run: () => call([statement], () => prepared.run()),
      raw: (...options: []) => call([statement], () => prepared.raw(...options)),
      first: (column: string) => call([statement], () => prepared.first(column)),
    } as unknown as D1PreparedStatement;
    bound.set(wrapped, statement);
    return wrapped;
  };

  const d1 = {
    prepare: (sql: string) => wrap({ real: real.prepare(sql), sql, parameters: [] }),
    batch: (statements: D1PreparedStatement[]) => {
      const inner = statements.map((statement) => {
        const found = bound.get(statement);
        if (!found) throw new Error("a statement of another database");
        return found;
      });
      return call(inner, () => real.batch(inner.map((statement) => statement.real)));
    },
    exec: (sql: string) => real.exec(sql),
    withSession: () => d1,
  } as unknown as D1Database;
  watched.d1 = d1;
  return watched;
}

export type TableRows = Record<string, Record<string, unknown>[]>;

/** All rows of all tables, whatever tables there are. */
export async function readAllTables(d1: D1Database): Promise<TableRows> {
  const { results: tables } = await d1
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'd1_%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
    .all<{ name: string }>();
  const answers = await d1.batch(tables.map(({ name }) => d1.prepare(`SELECT * FROM "${name}"`)));
  return Object.fromEntries(
    tables.map(({ name }, index) => [name, (answers[index]?.results ?? []) as Record<string, unknown>[]]),
  );
}

/** Puts the database back to what it held then; tables that came later are emptied. */
export async function writeAllTables(d1: D1Database, rows: TableRows): Promise<void> {
  const present = Object.keys(await readAllTables(d1));
  const statements = present.flatMap((table) => [
    d1.prepare(`DELETE FROM "${table}"`),
    ...(rows[table] ?? []).map((row) => {
      const columns = Object.keys(row);
      const names = columns.map((column) => `"${column}"`).join(", ");
      const places = columns.map(() => "?").join(", ");
      return d1.prepare(`INSERT INTO "${table}" (${names}) VALUES (${places})`).bind(...Object.values(row));
    }),
  ]);
  for (let from = 0; from < statements.length; from += 500) await d1.batch(statements.slice(from, from + 500));
}
