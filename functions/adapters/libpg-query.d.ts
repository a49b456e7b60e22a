/** The package's WebAssembly module itself, beneath its API: `postgres-grammar.ts` says why. */
declare module 'libpg-query/wasm/libpg-query.js' {
  /** An address is a byte offset into the module's memory; 0 is none. */
  type Module = {
    readonly lengthBytesUTF8: (text: string) => number;
    readonly stringToUTF8: (text: string, to: number, bytes: number) => void;
    readonly UTF8ToString: (from: number) => string;
    readonly getValue: (from: number, type: 'i32') => number;
    readonly _malloc: (bytes: number) => number;
    readonly _free: (address: number) => void;
    readonly _wasm_parse_query_raw: (text: number) => number;
    readonly _wasm_free_parse_result: (result: number) => void;
  };
  function create(): Promise<Module>;
  export = create;
}
