-- 0025 nothing is removed: what is in the directory becomes inactive, and stays. So far no statement removed anything; from here on none can.
revoke delete on source_system, org, academic_session, course, class, person, demographics, account, link, role, enrollment from rollbook_app;
