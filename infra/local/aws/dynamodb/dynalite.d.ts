/** dynalite 4 ships no types. Only what is used is declared. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  function dynalite(options: {
    /** The LevelDB directory; in memory without it. */
    readonly path?: string;
    /** Milliseconds a table stays in CREATING. */
    readonly createTableMs?: number;
  }): Server;
  export = dynalite;
}
