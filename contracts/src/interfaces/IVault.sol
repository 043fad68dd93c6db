// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Where wei of an account lies: Outside is no book of the Vault. Fees reserved for seats and bonds locked by
/// blocks share Locked; the reason of a move tells them apart.
enum WeiBook {
    Outside,
    /// Free to be withdrawn or locked.
    Free,
    /// A validator's bond beyond what is locked: it leaves through the ValidatorRegistry alone.
    Stake,
    Locked
}

/// Where tokens of a channel lie. Owed is not held: it is what a block owes and its line lacked.
enum TokenBook {
    Outside,
    Line,
    Balance,
    Contested,
    Owed
}

enum Reason {
    Deposit,
    Withdraw,
    Settle,
    DebtServed,
    DebtPaid,
    WithdrawalExecuted,
    Released,
    Conceded,
    ContestedReleased,
    Burnt,
    PartBond,
    SeatBond,
    OwnResultBond,
    Fee,
    Silence,
    StakeAdded,
    StakeLeft,
    AccusationBond,
    QuestionBond,
    PanelBond,
    /// Of a bond that was lost: to whoever proved it, or answered.
    Prover
}

/// One move of wei between two books, possibly of two accounts.
struct WeiMove {
    address from;
    address to;
    WeiBook fromBook;
    WeiBook toBook;
    Reason reason;
    uint96 amount;
}

/// What a payee is owed out of, in base units of the channel's token.
struct LineFacts {
    uint8 payee;
    uint256 amount;
    uint256 debt;
    uint256 requested;
    uint64 requestedAt;
    /// blockMaxNano in base units.
    uint256 blockMax;
}

/// The only holder of the channels' tokens and of all wei: tokens held = lines + balances + contested; wei held
/// = the three books of all accounts, after every call. What is burnt is credited to an address without a key.
/// Nobody owns it.
interface IVault {
    /// `account`: the payee whose line, debt or contested amount is concerned, otherwise the owner of the
    /// balance. What leaves a line or contested amount as Released, WithdrawalExecuted or ContestedReleased is
    /// then the payer's balance, as Burnt that of Bonds.BURN. DebtServed and DebtPaid also lower what is Owed.
    /// `blockNumber` is type(uint64).max where no block is concerned, channelId zero where no channel is.
    event TokenMoved(
        bytes32 indexed channelId,
        address indexed account,
        address indexed token,
        uint64 blockNumber,
        TokenBook fromBook,
        TokenBook toBook,
        uint256 amount,
        Reason reason
    );
    event WeiMoved(
        bytes32 indexed channelId,
        address indexed from,
        address indexed to,
        uint64 blockNumber,
        WeiBook fromBook,
        WeiBook toBook,
        uint256 amount,
        Reason reason
    );
    /// What a block owes beyond blockMax, in nano-units: nobody's debt.
    event CutToBlockMax(
        bytes32 indexed channelId, address indexed payee, uint64 blockNumber, uint256 nanoAbove
    );
    event WithdrawalRequested(bytes32 indexed channelId, address indexed payee, uint256 amount);

    error UnknownChannel(bytes32 channelId);
    error UnknownPayee(bytes32 channelId, uint256 payee);
    error ChannelAlreadyClosed(bytes32 channelId, uint64 closedAt);
    error NotPayer(bytes32 channelId, address sender);
    error NotPayee(bytes32 channelId, uint256 payee, address sender);
    error NotAllowed(address sender);
    error AmountZero();
    /// Nobody's address, or the Vault's own, where what is sent would be nobody's.
    error RecipientRefused(address to);
    error AmountTooLarge(uint256 amount, uint256 amountMax);
    error LineTooSmall(bytes32 channelId, uint256 payee, uint256 line, uint256 asked);
    error DebtTooSmall(bytes32 channelId, uint256 payee, uint256 debt, uint256 asked);
    error NothingRequested(bytes32 channelId, uint256 payee);
    /// Blocks that started before `neededUntil` are not over yet.
    error BlocksNotOver(bytes32 channelId, uint256 live, uint256 neededUntil);
    error NothingFree(bytes32 channelId, uint256 payee);
    error NothingContested(bytes32 channelId, uint64 blockNumber, uint256 payee);
    error ContestedTooYoung(bytes32 channelId, uint64 blockNumber, uint256 burnableAt);
    error BalanceTooSmall(address token, address account, uint256 balance, uint256 asked);
    error WeiTooLittle(address account, WeiBook book, uint256 held, uint256 needed);
    error WeiBookFull(address account, WeiBook book);

    // ── a payee's line ──

    /// Anyone, after an ERC-20 approval, any time before the channel closes. What arrives is measured; the
    /// line's debt is served from it first, as far as it is free.
    function deposit(bytes32 channelId, uint8 payee, uint256 amount) external;

    /// The payer's public request, one a line: a new one replaces it and starts anew, 0 takes it back.
    function requestWithdrawal(bytes32 channelId, uint8 payee, uint256 amount) external;

    /// Credits the payer's balance with at most what it requested, once every block that started before
    /// request + withdrawalNotice is over, or at once with what is free of a closed channel's line; never more
    /// than the line holds beyond its debt and beyond blockMax for every started block that is not over. What
    /// cannot be paid yet stays asked for. Anyone.
    function executeWithdrawal(bytes32 channelId, uint8 payee) external;

    /// The payee's account gives `amount` of its own line back to the payer's balance.
    function release(bytes32 channelId, uint256 amount) external;

    /// Anyone pays the line's debt with tokens of its own; no more than the debt is taken.
    function payDebt(bytes32 channelId, uint8 payee, uint256 amount) external;

    /// Serves the debt from what the line holds beyond blockMax for every started block that is not over;
    /// anyone.
    function serveDebt(bytes32 channelId, uint8 payee) external;

    // ── what several results left open ──

    /// The payer lets the payee have what is contested of a block.
    function concede(bytes32 channelId, uint64 blockNumber, uint8 payee) external;

    /// The payee's account lets the payer have what is contested of a block.
    function releaseContested(bytes32 channelId, uint64 blockNumber) external;

    /// Anyone, retentionPeriod after the block's end: what nobody gave up is nobody's.
    function burnContested(bytes32 channelId, uint64 blockNumber, uint8 payee) external;

    // ── balances and wei accounts ──

    /// Pulls tokens (or free wei: token 0) of msg.sender to any address.
    function withdraw(address token, address to, uint256 amount) external;

    /// Puts wei on an account, to be free there: for bonds and fees. Anyone.
    function depositWei(address account) external payable;

    // ── Blocks, Adjudicator, Questions, Panel, ValidatorRegistry alone ──

    /// From Blocks alone, once a block: pays each payee the nano amount of `low`, cut to blockMaxNano, in base
    /// units, out of what its line holds beyond blockMax × liveBefore (earlier blocks that are not over); what
    /// is lacking becomes debt. Where `high` (same shape; empty if no other result stands) is more, the
    /// difference leaves the line as contested, as far as blockMax and the same reserve allow; it never becomes
    /// debt.
    function pay(
        bytes32 channelId,
        uint64 blockNumber,
        uint256 liveBefore,
        bytes32[] calldata low,
        bytes32[] calldata high
    ) external;

    /// From Blocks, Adjudicator, Questions, Panel and ValidatorRegistry alone; refuses with WeiTooLittle. Outside is not
    /// taken.
    function moveWei(bytes32 channelId, uint64 blockNumber, WeiMove[] calldata moves) external;

    // ── views ──

    /// Base units that block n surely pays the payee: the smaller of blockMax and what the line holds beyond its
    /// debt, beyond a withdrawal requested at least withdrawalNotice before block n starts, and beyond blockMax
    /// for each earlier block that is not over.
    function cover(bytes32 channelId, uint64 blockNumber, uint8 payee) external view returns (uint256);

    function line(bytes32 channelId, uint8 payee) external view returns (LineFacts memory);

    /// 0 and 0 if nothing is.
    function contested(bytes32 channelId, uint64 blockNumber, uint8 payee)
        external
        view
        returns (uint256 amount, uint64 since);

    /// Base units of an ERC-20 (or free wei: token 0) that the account can withdraw.
    function balanceOf(address token, address account) external view returns (uint256);

    function weiOf(address account) external view returns (uint256 free, uint256 stake, uint256 locked);
}
