/** What each nginx of the bench begins with: in the foreground, one process to count, nothing outside its folder. */
export function nginxHead(folder, name) {
  return `daemon off;
master_process off;
pid ${folder}/${name}.pid;
error_log stderr crit;
events { worker_connections 4096; }`;
}
