// Shares of a whole in whole percent. Pure.

/**
 * The percent of each part, rounded so that they add up to 100: what plain rounding would lose or gain goes to
 * the largest remainders, of equal ones to the first. What is 0 stays 0; without a whole all are.
 */
export function percents(parts: readonly number[]): number[] {
  const whole = parts.reduce((sum, part) => sum + part, 0);
  if (whole === 0) return parts.map(() => 0);
  const rounded = parts.map((part) => Math.floor((part * 100) / whole));
  const missing = 100 - rounded.reduce((sum, percent) => sum + percent, 0);
  const remainders = parts.map((part, index) => ({ index, remainder: (part * 100) % whole }));
  remainders.sort((a, b) => b.remainder - a.remainder);
  for (const { index } of remainders.slice(0, missing)) rounded[index] = (rounded[index] ?? 0) + 1;
  return rounded;
}
