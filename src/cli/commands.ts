import type { Command } from './command.ts';
import { appCreateCommand } from './commands/app-create.ts';
import { appListCommand } from './commands/app-list.ts';
import { appRevokeCommand } from './commands/app-revoke.ts';
import { appRotateCommand } from './commands/app-rotate.ts';
import { appUpdateCommand } from './commands/app-update.ts';
import { backupCommand } from './commands/backup.ts';
import { cancelCommand } from './commands/cancel.ts';
import { configCommand } from './commands/config.ts';
import { approveCommand, rejectCommand } from './commands/decide.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { errorsCommand } from './commands/errors.ts';
import { helpCommand } from './commands/help.ts';
import { listsAddCommand } from './commands/lists-add.ts';
import { listsRemoveCommand } from './commands/lists-remove.ts';
import { listsCommand } from './commands/lists.ts';
import { noticeAddEmailCommand } from './commands/notice-add-email.ts';
import { noticeAddWebhookCommand } from './commands/notice-add-webhook.ts';
import { noticeChannelsCommand } from './commands/notice-channels.ts';
import { noticeRemoveCommand } from './commands/notice-remove.ts';
import { noticeTestCommand } from './commands/notice-test.ts';
import { noticesCommand } from './commands/notices.ts';
import { passwordsCommand } from './commands/passwords.ts';
import { pauseCommand } from './commands/pause.ts';
import { planCommand } from './commands/plan.ts';
import { profileCreateCommand } from './commands/profile-create.ts';
import { profileDeleteCommand } from './commands/profile-delete.ts';
import { profileListCommand } from './commands/profile-list.ts';
import { resetCommand } from './commands/reset.ts';
import { restoreCommand } from './commands/restore.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { scheduleCommand } from './commands/schedule.ts';
import { serveCommand } from './commands/serve.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { syncCommand } from './commands/sync.ts';
import { tenantCreateCommand } from './commands/tenant-create.ts';
import { tokenCommand } from './commands/token.ts';
import { undoExpirationCommand } from './commands/undo-expiration.ts';
import { usersImportCommand } from './commands/users-import.ts';
import { usersShowCommand } from './commands/users-show.ts';
import { validateCommand } from './commands/validate.ts';

/** Every command, in the order of help and docs: the daily ones first. */
export const COMMANDS: readonly Command[] = [
  demoCommand,
  serveCommand,
  syncCommand,
  planCommand,
  approveCommand,
  rejectCommand,
  statusCommand,
  errorsCommand,
  resumeCommand,
  pauseCommand,
  cancelCommand,
  startCommand,
  resetCommand,
  runsCommand,
  runCommand,
  scheduleCommand,
  undoExpirationCommand,
  validateCommand,
  profileListCommand,
  profileCreateCommand,
  profileDeleteCommand,
  listsCommand,
  listsAddCommand,
  listsRemoveCommand,
  noticesCommand,
  noticeAddWebhookCommand,
  noticeAddEmailCommand,
  noticeChannelsCommand,
  noticeTestCommand,
  noticeRemoveCommand,
  usersShowCommand,
  usersImportCommand,
  passwordsCommand,
  tenantCreateCommand,
  appCreateCommand,
  appListCommand,
  appUpdateCommand,
  appRotateCommand,
  appRevokeCommand,
  tokenCommand,
  configCommand,
  doctorCommand,
  backupCommand,
  restoreCommand,
  helpCommand,
];
