-- 0014 class anchor: what tells the classes of a source apart.

alter table source_system add column class_anchor text not null default 'id'
  constraint source_system_class_anchor_known check (class_anchor in ('id', 'idAndSession'));
comment on column source_system.class_anchor is 'What keys and source ids of its classes are made of: the id of the section, or that and the id of its academic session.';
