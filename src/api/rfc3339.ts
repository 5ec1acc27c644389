/** An instant as Kubernetes writes it. @param at Unix ms */
export function rfc3339(at: number): string {
  return new Date(at).toISOString();
}
