/** ini settings that both kinds of PHP run with; the session's own are left to the application. */
const shared: Readonly<Record<string, string>> = {
  display_errors: '0',
  display_startup_errors: '0',
  log_errors: '1',
  error_log: '',
  html_errors: '0',
  'zend.exception_ignore_args': '1',
  expose_php: '0',
  variables_order: 'EGPCS',
  register_argc_argv: '0',
  output_buffering: '0',
  memory_limit: '256M',
  upload_max_filesize: '64M',
  post_max_size: '64M',
};

/** What WebAssembly PHP needs besides: a code cache in its own memory that notices changed files at once. */
const wasmOnly: Readonly<Record<string, string>> = {
  error_reporting: 'E_ALL',
  max_execution_time: '0',
  max_input_time: '-1',
  implicit_flush: '1',
  'opcache.enable': '1',
  'opcache.enable_cli': '1',
  'opcache.jit': '0',
  'opcache.file_cache': '/internal/shared/opcache',
  'opcache.file_cache_only': '1',
  'opcache.revalidate_freq': '0',
};

/** The shared settings as `-d name=value` arguments of the `php` command. */
export function iniArguments(): string[] {
  return Object.entries(shared).flatMap(([name, value]) => ['-d', `${name}=${value}`]);
}

/** The settings of WebAssembly PHP as the text of a php.ini. */
export function iniFile(): string {
  return Object.entries({ ...shared, ...wasmOnly })
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}
