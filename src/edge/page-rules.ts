/** Sources by directive, in helmet's spelling (`defaultSrc`). */
export type Directives = Readonly<Record<string, readonly string[]>>;

/** Where browsers report breaches of a content security policy. */
export const REPORT_PATH = '/csp-report';

/** For answers that are no page: shown as one, they load nothing, run nothing, and stand in no frame. */
export const DATA_DIRECTIVES: Directives = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/**
 * For the PHP application: its own files, no inline script, style or handler. `'self'` covers WebSockets of the same host
 * (CSP 3, section 6.7.2.8) and AudioWorklets from a file, which count as scripts.
 */
export const APPLICATION_DIRECTIVES: Directives = {
  defaultSrc: ["'self'"],
  baseUri: ["'self'"],
  connectSrc: ["'self'"],
  fontSrc: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'self'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  mediaSrc: ["'self'", 'blob:', 'data:'],
  objectSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  workerSrc: ["'self'"],
};

/** For pages of the gateway's own, always enforced: as the application's, with nothing that they do not need. */
export const OWN_PAGE_DIRECTIVES: Directives = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  connectSrc: ["'self'"],
  fontSrc: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  imgSrc: ["'self'", 'data:'],
  manifestSrc: ["'self'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  reportUri: [REPORT_PATH],
};

/** All that can watch, listen, locate, pay or reach a device. Not what Chromium knows on some systems only (`bluetooth`): elsewhere each page would complain. */
const DENIED = [
  'accelerometer',
  'browsing-topics',
  'camera',
  'display-capture',
  'encrypted-media',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'identity-credentials-get',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'midi',
  'otp-credentials',
  'payment',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'serial',
  'storage-access',
  'usb',
  'window-management',
  'xr-spatial-tracking',
];
/** The receptionist speaks and listens, keeps the screen awake while it does, and what it said may be copied. */
const OWN_PAGES_ONLY = [
  'autoplay',
  'clipboard-read',
  'clipboard-write',
  'fullscreen',
  'microphone',
  'picture-in-picture',
  'screen-wake-lock',
];

/** Permissions Policy, section 5.2: what pages may use, and no frame of another origin in them. */
export const PERMISSIONS = [
  ...DENIED.map((feature) => `${feature}=()`),
  ...OWN_PAGES_ONLY.map((feature) => `${feature}=(self)`),
].join(', ');
