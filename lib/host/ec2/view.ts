import { type Asked, machineQuestions, networkQuestions } from './questions.ts';

type Questions = ReturnType<typeof networkQuestions> & ReturnType<typeof machineQuestions>;
export type Kind = keyof Questions;
type Answer<K extends Kind> = Awaited<ReturnType<Questions[K]>>;

/** What AWS has of one site, each kind asked for once until something of it was changed. */
export interface View {
  see<K extends Kind>(kind: K): Promise<Answer<K>>;
  /** Asks now; what it learns is what others see. */
  look<K extends Kind>(kind: K): Promise<Answer<K>>;
  forget(...kinds: Kind[]): void;
}

export function viewOf(asked: Asked): View {
  const ask: Questions = { ...networkQuestions(asked), ...machineQuestions(asked) };
  const known = new Map<Kind, Promise<unknown>>();
  const look = <K extends Kind>(kind: K) => {
    const answer = ask[kind]() as Promise<Answer<K>>;
    known.set(kind, answer);
    // A failure is told to whoever asked, and is no answer for the next.
    answer.catch(() => known.get(kind) === answer && known.delete(kind));
    return answer;
  };
  return {
    look,
    // The map's values are each the answer of their key.
    see: <K extends Kind>(kind: K) => (known.get(kind) as Promise<Answer<K>> | undefined) ?? look(kind),
    forget: (...kinds) => {
      for (const kind of kinds) known.delete(kind);
    },
  };
}
