/** What the stub's receptionist says to a message; the same message always gets the same reply. */
export function receptionistReply(message: string): string {
  const said = message.trim().replace(/\s+/g, ' ').slice(0, 200);
  const [, reply] = replies.find(([pattern]) => pattern.test(said)) ?? [undefined, undefined];
  if (reply !== undefined) return reply;
  if (said === '') return 'Hello, this is Donna. How can I help you?';
  return `Thank you for your message: “${said}”. I have noted it, and somebody will get back to you today.`;
}

const replies: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b(appointment|book|schedule|meeting)\b/i, 'I can arrange that. Would tomorrow at ten o’clock suit you?'],
  [/\b(price|cost|quote|offer)\b/i, 'Our plans start at 49 a month. Shall I have somebody send you an offer?'],
  [/\b(hours|open|closed)\b/i, 'We are open Monday to Friday from nine to five.'],
  [/\b(human|person|speak to|call me)\b/i, 'Of course. Which number may we call you on?'],
  [/^(hi|hello|hey|good (morning|afternoon|evening))\b/i, 'Hello, this is Donna. How can I help you?'],
];

/** A rough count of tokens, four characters each, as providers' own estimates go. */
export function countTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}
