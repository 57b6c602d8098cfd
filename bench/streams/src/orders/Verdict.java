package orders;

enum Verdict {
    ACCEPTED,
    NOT_AN_ORDER,
    INVALID,
    USER_NOT_PAID,
    UNKNOWN_ITEM,
    INSUFFICIENT_STOCK,
    DUPLICATE
}
