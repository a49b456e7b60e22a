/**
 * Something that a proof fell over. `tampered`: what is there cannot be what was written and sealed. `incomplete`: what
 * is there is not enough to tell.
 */
export type Finding = {
  readonly verdict: 'tampered' | 'incomplete';
  /** A code, one word for each kind of finding. */
  readonly reason: string;
  /** What happened, to which values, for a person. */
  readonly detail: string;
  readonly checkpoint?: number;
  readonly stream?: string;
  /** The first bad record of the stream: where it stands, or should stand. */
  readonly record?: number;
};
