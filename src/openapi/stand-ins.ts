/** What stands in examples for what only a running gateway knows: tests put the real thing in its place. */
export const STAND_INS = {
  email: 'you@example.com',
  password: 'your password',
  refreshToken: 'the-refresh-token-that-you-got-last',
  conversation: 'conv_0123456789abcdef',
  call: 'v3:the-id-that-initiate_call-answered',
} as const;
