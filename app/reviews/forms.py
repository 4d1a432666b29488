"""The forms of reviews."""

from __future__ import annotations

from wtforms import Form, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.reviews.models import Draft
from app.reviews.rules import LONGEST_NAME, LONGEST_TEXT, LONGEST_TITLE, clean_line, clean_text

_STARS = ((5, "Excellent"), (4, "Good"), (3, "All right"), (2, "Poor"), (1, "Bad"))


def _at_most(longest: int) -> Length:
    return Length(max=longest, message=f"Please use at most {longest} characters.")


class ReviewForm(Form):
    """What a buyer says."""

    stars = RadioField(
        "Stars",
        choices=[(str(stars), word) for stars, word in _STARS],
        validators=[InputRequired("Please choose one to five stars.")],
    )
    title = StringField(
        "In a few words",
        filters=[clean_line],
        validators=[DataRequired("Please sum it up in a few words."), _at_most(LONGEST_TITLE)],
    )
    text = TextAreaField(
        "Your review",
        filters=[clean_text],
        validators=[DataRequired("Please say a little more."), _at_most(LONGEST_TEXT)],
    )
    name = StringField(
        "Name shown with it",
        filters=[clean_line],
        validators=[DataRequired("Please enter a name to show."), _at_most(LONGEST_NAME)],
    )

    def draft(self) -> Draft:
        """What a valid form says."""
        return Draft(
            stars=int(self.stars.data),
            title=self.title.data or "",
            text=self.text.data or "",
            name=self.name.data or "",
        )


class OrderForm(Form):
    """What a guest knows of the order that they bought with."""

    number = StringField(
        "Order number", validators=[DataRequired("Please enter the order number."), Length(max=40)]
    )
    email = StringField(
        "E-mail", validators=[DataRequired("Please enter your e-mail address."), Length(max=254)]
    )
