-- What drives a forecast, in units a day that add up to its mean: told when it is made, the artefact is not asked again.
ALTER TABLE forecast ADD COLUMN drivers jsonb NOT NULL DEFAULT '{}';
