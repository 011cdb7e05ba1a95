/** Foreign text that ends up on a terminal: no control characters (nobody else moves our cursor), not endless. */
export const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 500)
