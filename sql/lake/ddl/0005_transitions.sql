-- Purpose: columns of the journeys that tell what follows what in one word, which groups faster than several.

alter table touchline.journeys drop column next_channel_2;
alter table touchline.journeys drop column next_channel_3;

alter table touchline.journeys add columns (
  transition string,
  transition_2 string,
  transition_3 string
);
