/** What one request asked of D1. */
export interface D1Use {
  roundTrips: number;
  statements: number;
  rowsRead: number;
  rowsWritten: number;
}

export function createD1Use(): D1Use {
  return { roundTrips: 0, statements: 0, rowsRead: 0, rowsWritten: 0 };
}

/** The same database, whose calls are counted. Sessions of it are counted too. */
export function countD1<T extends object>(database: T, use: D1Use): T {
  return new Proxy(database, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      const call = value.bind(target) as (...args: unknown[]) => unknown;
      if (key === "withSession") return (...args: unknown[]) => countD1(call(...args) as object, use);
      if (key === "prepare") return (...args: unknown[]) => countStatement(call(...args) as D1PreparedStatement, use);
      if (key === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          const results = (await call(statements.map(unwrap))) as D1Result[];
          count(use, results);
          return results;
        };
      }
      return call;
    },
  });
}

const COUNTED = new WeakMap<object, D1PreparedStatement>();

function unwrap(statement: D1PreparedStatement): D1PreparedStatement {
  return COUNTED.get(statement) ?? statement;
}

function countStatement(statement: D1PreparedStatement, use: D1Use): D1PreparedStatement {
  const counted = new Proxy(statement, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      const call = value.bind(target) as (...args: unknown[]) => unknown;
      if (key === "bind") return (...args: unknown[]) => countStatement(call(...args) as D1PreparedStatement, use);
      return async (...args: unknown[]) => {
        const result = await call(...args);
        count(use, [result as D1Result]);
        return result;
      };
    },
  });
  COUNTED.set(counted, statement);
  return counted;
}

function count(use: D1Use, results: readonly D1Result[]): void {
  use.roundTrips += 1;
  use.statements += results.length;
  for (const { meta } of results) {
    use.rowsRead += meta?.rows_read ?? 0;
    use.rowsWritten += meta?.rows_written ?? 0;
  }
}
