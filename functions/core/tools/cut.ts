/** What a tool, a resource or a prompt gave, and what is missing from it. */
export type Produced<T> = {
  readonly value: T;
  /** Sentences of ours for the model, which stand before the fence. */
  readonly notes: readonly string[];
};

/**
 * What the model is told when statements had more rows than were read. It is said by whoever answers and not by the tool,
 * so no tool can keep it back. Our words and our counts, and nothing of a row: it needs no fence.
 *
 * @param cuts of each statement that was cut, how many rows were read
 */
export function cutNotes(cuts: readonly number[]): readonly string[] {
  if (cuts.length === 0) return [];
  const [only = 0] = cuts;
  const what =
    cuts.length === 1
      ? `only the first ${only === 1 ? 'row was' : `${only} rows were`} read`
      : `of ${cuts.length} statements only the first rows were read (${cuts.slice(0, 5).join(', ')}${cuts.length > 5 ? ' and so on' : ''})`;
  return [`This is not everything: ${what}, and more are there. Narrow the search to see others.`];
}
