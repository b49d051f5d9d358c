/** A noun with its article, as a sentence starts: "An object", "A function". */
export function withArticle(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? 'An' : 'A'} ${noun}`;
}
