/**
 * A fault in a user's file. Problems are values: parsing collects all of them and never throws.
 */
export interface Problem {
  /** Stable kebab-case word for programs, e.g. `unknown-field`. */
  readonly code: string;
  /** An error keeps the document from taking effect; a warning does not. */
  readonly severity: 'error' | 'warning';
  /** Field path as users write it, e.g. `spec.template.spec.domain.cpu.cores`; empty for the whole document. */
  readonly path: string;
  /** 1-based position in the file. */
  readonly line: number;
  readonly column: number;
  /** What was found and what would be right, in one sentence or two. */
  readonly message: string;
}

/** `web.yaml:12:7: message`, the form that editors and terminals make clickable. */
export function formatProblem(file: string, problem: Problem): string {
  const field = problem.path === '' ? '' : ` ${problem.path}:`;
  return `${file}:${problem.line}:${problem.column}:${field} ${problem.message}`;
}
