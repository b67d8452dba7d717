/** As a person says it: HEAD goes with GET anyway. */
export function methodsOf(methods: readonly string[]): string {
  if (methods.length === 0) return 'any';
  return methods.filter((method) => method !== 'HEAD' || !methods.includes('GET')).join(' ');
}
